package configdrive

import (
	"crypto/rand"
	"encoding/base64"
)

// Some returns a pointer to a value, for the members of [Options] that may be nil.
func Some[T any](value T) *T { return &value }

// Nova's size.
const seedSize = 512

// Like Nova, gives a document without a random seed a new one.
func (o Options) withDefaults() Options {
	if o.RandomSeed == nil && o.DefaultRandomSeed == nil {
		seed := make([]byte, seedSize)
		_, _ = rand.Read(seed) // never fails
		o.DefaultRandomSeed = Some(base64.StdEncoding.EncodeToString(seed))
	}
	return o
}
