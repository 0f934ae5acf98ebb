"""Parts of the page about one number: the number itself, what it rests on, how it was made."""
