"""The system of docker-compose.yml on a real engine."""
