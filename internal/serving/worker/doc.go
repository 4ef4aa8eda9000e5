// Package worker is the side of the worker protocol that has the models: Serve runs what a server asks for over
// a wire.Conn by a serving.Loader. The server's side is serving/remote.
package worker
