//go:build unix && !linux

package vector

func large([]uint8) {}
