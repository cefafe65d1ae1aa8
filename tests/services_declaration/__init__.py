"""The rows of `services.yaml`: what they may say, and commands that change them."""
