"""The routes, a thin blueprint per noun: who asks, call below, show."""
