"""OpenAI's dialect: the same tasks at ``/v1/videos``. Pure translation in, the services of tasks, pure translation out.

Source: reference ``openai-videos.md``, and the requests of openai-python and openai-node.
"""
