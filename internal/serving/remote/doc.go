// Package remote is the server's side of the worker protocol: a Client loads and asks models that another
// process or machine runs, over a wire.Conn, and is a serving.Loader like any other. The other side is
// serving/worker. A connection that breaks ends what runs with a fault of kind serving.EngineCrashed; who makes
// the next connection is not the client's matter.
package remote
