"""The bus: Kafka where brokers are named, the same partitions and offsets inside the process where not."""

from velox.env import env

KAFKA_BROKERS = env.words("KAFKA_BROKERS")
BUS = "kafka" if KAFKA_BROKERS else "memory"
