"""What ``hub demo`` shows: a sandbox CRM, and the story that is played to it."""
