variable "name" {
  type = string
}

module "store" {
  source = "../store"
  names  = { artifacts = var.name }
}

module "about" {
  source = "../about"
  bucket = module.store.first
}

output "bucket" {
  value = module.store.first
}
