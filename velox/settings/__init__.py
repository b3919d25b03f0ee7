"""Django's settings: base.py and parts/ declare everything, dev, test and prod differ in a few lines."""
