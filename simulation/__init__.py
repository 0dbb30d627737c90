"""What is rehearsed before it is built: tolerance stacks, clashes, schedules; process flow is to come."""
