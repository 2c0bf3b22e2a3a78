"""What we own and break: the deployment value, the stacks that realise it, the faults, images and programs."""
