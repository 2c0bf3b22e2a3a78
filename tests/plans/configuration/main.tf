# What the plans beside this folder are made of, by resources that need no provider:
#   terraform init && terraform plan -out=plan && terraform show -json plan     (or tofu)

locals {
  kinds = { artifacts = "hokusai-artifacts", logs = "hokusai-logs" }
}

resource "terraform_data" "bucket" {
  for_each = local.kinds
  input    = "plain-${each.key}"
}

resource "terraform_data" "direct" {
  input = terraform_data.bucket["logs"].id
}

resource "terraform_data" "keyed" {
  for_each = local.kinds
  input    = terraform_data.bucket[each.key].id
}

module "store" {
  source = "./store"
  names  = local.kinds
}

module "about" {
  source = "./about"
  bucket = module.store.first
}

module "nest" {
  source   = "./nest"
  for_each = local.kinds
  name     = each.value
}

resource "terraform_data" "of_nest" {
  input = module.nest["logs"].bucket
}
