"""The network: preprocessing, encoders, trunks, views."""
