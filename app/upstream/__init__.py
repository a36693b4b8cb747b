"""Clients of Volcano Engine Ark: the data plane (video tasks) and the control plane (Assets).

Every failure is one of the classes of ``app.upstream.errors``; services decide what a tenant is shown.
"""
