//go:build !amd64

package vector

func kernels() []kernel { return []kernel{{"go", dotsGo}} }
