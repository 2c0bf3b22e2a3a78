// The stacks whose templates lie beside this file: one that is careful, one that loses models and lets strangers in.
// Made by aws-cdk-lib 2.276.0: npm install aws-cdk-lib constructs, node app.js FOLDER; then of FOLDER the templates,
// and of its manifest.json the stacks.

const cdk = require('aws-cdk-lib');
const backup = require('aws-cdk-lib/aws-backup');
const cloudfront = require('aws-cdk-lib/aws-cloudfront');
const origins = require('aws-cdk-lib/aws-cloudfront-origins');
const iam = require('aws-cdk-lib/aws-iam');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const s3 = require('aws-cdk-lib/aws-s3');
const notifications = require('aws-cdk-lib/aws-s3-notifications');

const app = new cdk.App({ outdir: process.argv[2], analyticsReporting: false });

function careful() {
  const stack = new cdk.Stack(app, 'Models', { env: { account: '123456789012', region: 'eu-west-1' } });
  const logged = s3.Bucket.fromBucketName(stack, 'Logs', 'hokusai-access-logs');
  const bucket = new s3.Bucket(stack, 'Artifacts', {
    versioned: true,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    serverAccessLogsBucket: logged,
    serverAccessLogsPrefix: 'mlflow-artifacts/',
    lifecycleRules: [
      { id: 'replaced-versions', noncurrentVersionExpiration: cdk.Duration.days(90) },
      { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: cdk.Duration.days(7) },
    ],
  });
  const role = new iam.Role(stack, 'MlflowRole', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
  role.addToPolicy(new iam.PolicyStatement({
    actions: [
      's3:GetObject',
      's3:PutObject',
      's3:DeleteObject',
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
    ],
    resources: [bucket.arnForObjects('artifacts/*')],
  }));
  role.addToPolicy(new iam.PolicyStatement({
    actions: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
    resources: [bucket.bucketArn],
  }));
  new logs.LogGroup(stack, 'Mlflow', {
    logGroupName: '/ecs/hokusai-mlflow-staging',
    retention: logs.RetentionDays.ONE_MONTH,
  });
}

function careless() {
  const stack = new cdk.Stack(app, 'Careless');
  const bucket = new s3.Bucket(stack, 'Artifacts', {
    autoDeleteObjects: true,
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  });
  const role = new iam.Role(stack, 'MlflowRole', {
    assumedBy: new iam.CompositePrincipal(
      new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
      new iam.AccountPrincipal('999999999999'),
    ),
  });
  bucket.grantReadWrite(role);
  const tidy = new lambda.Function(stack, 'Tidy', {
    runtime: lambda.Runtime.PYTHON_3_12,
    handler: 'i.h',
    code: lambda.Code.fromInline('def h(e,c): pass'),
  });
  bucket.grantDelete(tidy);
  bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new notifications.LambdaDestination(tidy));
  new cloudfront.Distribution(stack, 'Web', {
    defaultBehavior: { origin: origins.S3BucketOrigin.withOriginAccessControl(bucket) },
  });
  const plan = new backup.BackupPlan(stack, 'Daily');
  const theirs = 'arn:aws:backup:eu-west-1:999999999999:backup-vault:models';
  plan.addRule(new backup.BackupPlanRule({
    copyActions: [{ destinationBackupVault: backup.BackupVault.fromBackupVaultArn(stack, 'Theirs', theirs) }],
  }));
  plan.addSelection('Artifacts', { resources: [backup.BackupResource.fromArn(bucket.bucketArn)] });
}

careful();
careless();
app.synth();
