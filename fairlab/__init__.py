"""From a question to a cited result, without downloading more than you look at."""
