"""Functions that the callable operator finds by name."""


def leaning(value):
    return int(value[2] + value[3] > 0)


def masked(value, observation):
    return int(observation.action_mask.argmax())


def greedy(value, observation, epsilon=0.1):
    return int(observation.seed % 1000 < 1000 * epsilon)


def three(value, observation, more):
    return 0


constant = 3
