from okrsync.okrs.circles import circles


def test_a_circle_is_told_once_however_many_ways_lead_to_it():
    assert circles({"a": ["b"], "b": ["b"], "c": ["b", "a"]}) == [("b",)]


def test_every_circle_is_told():
    assert circles({"a": ["b"], "b": ["a"], "c": ["d", "a"], "d": ["c"]}) == [("a", "b"), ("c", "d")]


def test_two_ways_to_the_same_thing_are_no_circle():
    assert circles({"top": ["left", "right"], "left": ["ground"], "right": ["ground"], "ground": []}) == []


def test_what_is_not_there_is_no_circle():
    assert circles({"a": ["gone"]}) == []


def test_a_chain_of_any_length_is_walked():
    chain = {str(number): [str(number + 1)] for number in range(5000)}

    assert circles(chain) == []
