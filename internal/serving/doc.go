// Package serving answers generations and embeddings by loaded models. It holds the catalogue of what
// can be installed, the pool that loads models on demand and unloads them when idle, and the gate where
// requests wait their turn. How a model is run is behind the port Engine.
package serving
