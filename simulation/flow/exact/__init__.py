"""Lines whose answer is known: closed forms and Markov chains, to hold simulations against."""
