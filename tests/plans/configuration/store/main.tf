variable "names" {
  type = map(string)
}

resource "terraform_data" "bucket" {
  for_each = var.names
  input    = each.value
}

output "first" {
  value = terraform_data.bucket["artifacts"].id
}

output "ids" {
  value = { for key, each in terraform_data.bucket : key => each.id }
}
