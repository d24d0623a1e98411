"""A playbook read, checked, rendered into a Notice."""
