"""The lab: the deployment value, the stacks that run it, faults, images and external parts."""
