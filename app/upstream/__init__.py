"""Clients of Volcano Engine Ark: the data plane (video tasks) and the control plane (Assets API).

Every failed call raises one of the classes of ``app.upstream.errors``; the services decide what a tenant is told.
"""
