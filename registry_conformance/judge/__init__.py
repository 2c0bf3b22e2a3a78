"""What judges a target: requirements, clients, evidence, diagnosis, report. It knows nothing of the lab."""
