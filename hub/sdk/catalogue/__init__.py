"""What can be told of a connector without asking anybody: what it maps, how well it is proven, and its page."""
