"""Deploying by what others own and apply: a Git repository, Argo CD, Flux."""
