"""What is made from the specs, and what a person goes through who edits one."""
