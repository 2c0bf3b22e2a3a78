"""Which actions have a service of AWS work with a role that is passed to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ECS = ("ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService", "batch:SubmitJob")
_BEGINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "access-grants.s3.amazonaws.com": ("s3:CreateAccessGrantsLocation", "s3:UpdateAccessGrantsLocation"),
        "backup.amazonaws.com": ("backup:StartBackupJob", "backup:StartRestoreJob", "backup:CreateBackupSelection"),
        "batchoperations.s3.amazonaws.com": ("s3:CreateJob",),
        "bedrock.amazonaws.com": ("bedrock:CreateModelCustomizationJob", "bedrock:CreateModelImportJob"),
        "cloudformation.amazonaws.com": (
            *("cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:CreateChangeSet"),
        ),
        "codebuild.amazonaws.com": ("codebuild:CreateProject", "codebuild:UpdateProject", "codebuild:StartBuild"),
        "datasync.amazonaws.com": ("datasync:CreateLocationS3", "datasync:UpdateLocationS3"),
        "ec2.amazonaws.com": (
            *("ec2:RunInstances", "ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"),
            *("ec2:CreateLaunchTemplate", "autoscaling:CreateLaunchConfiguration"),
        ),
        "ecs-tasks.amazonaws.com": (*_ECS, "ecs:RegisterTaskDefinition", "batch:RegisterJobDefinition"),
        "elasticmapreduce.amazonaws.com": ("elasticmapreduce:RunJobFlow",),
        "emr-serverless.amazonaws.com": ("emr-serverless:StartJobRun",),
        "glue.amazonaws.com": (
            *("glue:CreateJob", "glue:UpdateJob", "glue:CreateSession", "glue:CreateCrawler", "glue:UpdateCrawler"),
            *("glue:CreateDevEndpoint", "glue:UpdateDevEndpoint"),
        ),
        "lambda.amazonaws.com": ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"),
        "pods.eks.amazonaws.com": ("eks:CreatePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"),
        "rolesanywhere.amazonaws.com": ("rolesanywhere:CreateProfile", "rolesanywhere:UpdateProfile"),
        "s3.amazonaws.com": ("s3:PutReplicationConfiguration",),
        "sagemaker.amazonaws.com": (
            *("sagemaker:CreateNotebookInstance", "sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"),
            *("sagemaker:CreateModel", "sagemaker:CreateTransformJob", "sagemaker:CreateUserProfile"),
            *("sagemaker:CreateDomain", "sagemaker:CreatePipeline", "sagemaker:UpdateNotebookInstance"),
        ),
        "ssm.amazonaws.com": ("ssm:StartAutomationExecution", "ssm:CreateActivation"),
        "states.amazonaws.com": ("states:CreateStateMachine", "states:UpdateStateMachine"),
        "tasks.apprunner.amazonaws.com": ("apprunner:CreateService", "apprunner:UpdateService"),
        "transfer.amazonaws.com": ("transfer:CreateUser", "transfer:UpdateUser", "transfer:CreateAccess"),
    }
)
"""Service, as trust policies name it -> actions that hand it a role, or have it work with one that it was handed."""


def begins_with(service: str) -> tuple[str, ...]:
    """Return actions of which each has a service work with a role that is passed to it.

    Of a service that is not known here these are names as such actions usually have them.
    """
    usual = service.removesuffix(".cn").removesuffix(".amazonaws.com").rpartition(".")[2]
    return _BEGINS.get(service, tuple(f"{usual}:{verb}{usual.title()}" for verb in ("Create", "Update", "Start")))
