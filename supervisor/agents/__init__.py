"""What an agent does, from what its process, its files, its terminal and its screen say. It starts and answers nobody.

what a source shows --rules--> Reading --hear--> Heard --settle--> Settled(state, reading)
"""
