"""A person's answer, taken to the agent that asked: by its hook, by keys, or typed; with a receipt, or not at all.

what is on the screen --may be answered?--> keys or text --seen to be taken--> Receipt
"""
