variable "bucket" {
  type = string
}

resource "terraform_data" "versioning" {
  count = 1
  input = var.bucket
}
