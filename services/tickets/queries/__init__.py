"""What people can look up: lists, who could do a job, who must hear of a missed limit, and what happened to a ticket."""
