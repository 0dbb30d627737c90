"""What is rehearsed before it is built: tolerance stacks; virtual assembly and process flow are to come."""
