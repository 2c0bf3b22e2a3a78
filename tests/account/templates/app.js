// The stacks whose templates lie beside this file: one that is careful, one that loses models and lets strangers in.
// npm install aws-cdk-lib constructs && node app.js; then out/*.template.json, and of out/manifest.json the stacks.
const cdk=require('aws-cdk-lib'); const s3=require('aws-cdk-lib/aws-s3'), iam=require('aws-cdk-lib/aws-iam'), logs=require('aws-cdk-lib/aws-logs'), lambda=require('aws-cdk-lib/aws-lambda'), s3n=require('aws-cdk-lib/aws-s3-notifications');
const app=new cdk.App({outdir:'out',analyticsReporting:false});
const stack=new cdk.Stack(app,'Models',{env:{account:'123456789012',region:'eu-west-1'}});
const logBucket=s3.Bucket.fromBucketName(stack,'Logs','hokusai-access-logs');
const bucket=new s3.Bucket(stack,'Artifacts',{versioned:true,encryption:s3.BucketEncryption.S3_MANAGED,blockPublicAccess:s3.BlockPublicAccess.BLOCK_ALL,enforceSSL:true,objectOwnership:s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,serverAccessLogsBucket:logBucket,serverAccessLogsPrefix:'mlflow-artifacts/',lifecycleRules:[{id:'replaced-versions',noncurrentVersionExpiration:cdk.Duration.days(90)},{id:'unfinished-uploads',abortIncompleteMultipartUploadAfter:cdk.Duration.days(7)}]});
const role=new iam.Role(stack,'MlflowRole',{assumedBy:new iam.ServicePrincipal('ecs-tasks.amazonaws.com')});
role.addToPolicy(new iam.PolicyStatement({actions:['s3:GetObject','s3:PutObject','s3:DeleteObject','s3:AbortMultipartUpload','s3:ListMultipartUploadParts'],resources:[bucket.arnForObjects('artifacts/*')]}));
role.addToPolicy(new iam.PolicyStatement({actions:['s3:ListBucket','s3:GetBucketLocation','s3:ListBucketMultipartUploads'],resources:[bucket.bucketArn]}));
new logs.LogGroup(stack,'Mlflow',{logGroupName:'/ecs/hokusai-mlflow-staging',retention:logs.RetentionDays.ONE_MONTH});
const wide=new cdk.Stack(app,'Careless');
const b2=new s3.Bucket(wide,'Artifacts',{autoDeleteObjects:true,removalPolicy:cdk.RemovalPolicy.DESTROY});
const r2=new iam.Role(wide,'MlflowRole',{assumedBy:new iam.CompositePrincipal(new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),new iam.AccountPrincipal('999999999999'))});
b2.grantReadWrite(r2);
const fn=new lambda.Function(wide,'Tidy',{runtime:lambda.Runtime.PYTHON_3_12,handler:'i.h',code:lambda.Code.fromInline('def h(e,c): pass')});
b2.grantDelete(fn); b2.addEventNotification(s3.EventType.OBJECT_CREATED,new s3n.LambdaDestination(fn));
app.synth();
