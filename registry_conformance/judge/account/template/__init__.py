"""CloudFormation templates, those that CDK synthesises too, read into the form of a plan."""
