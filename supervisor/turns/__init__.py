"""What becomes of an agent that stops: it is asked once to finish, told once to go on, and then left to a person.

what it does --noticed--> Turn --decide--> Deed --keeper--> a record on the disk, and then a text in its input box
"""
