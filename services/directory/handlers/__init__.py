"""What people can do in the directory: places, people, homes, staff, duties, accounts, sign-in."""
