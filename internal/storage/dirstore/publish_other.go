//go:build !linux

package dirstore

import "os"

func publish(root *os.Root, from, to string) error { return publishByLink(root, from, to) }
