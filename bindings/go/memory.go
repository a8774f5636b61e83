package configdrive

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// The memory of one instance. It does not grow beyond a limit.
//
// Buffers are used again, because to allocate and to grow memory would take longer than to make a small drive. They are cleared
// first, so that nothing of a call remains for the next one.
type memory struct {
	buffer    []byte
	limit     uint64
	exhausted bool
}

const (
	// Enough for most drives.
	usualMemory = 4 << 20
	// Larger buffers are left to the garbage collector.
	pooledMemory = 32 << 20
)

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func newMemory(limit uint64) *memory { return &memory{limit: limit} }

// Allocate implements [experimental.MemoryAllocator] for the one memory of a module.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory {
	m.buffer = *buffers.Get().(*[]byte)
	return m
}

// Reallocate implements [experimental.LinearMemory].
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		m.exhausted = true
		return nil
	}
	if size > uint64(cap(m.buffer)) {
		larger := make([]byte, size, min(max(2*size, usualMemory), m.limit))
		copy(larger, m.buffer)
		m.recycle()
		m.buffer = larger
	}
	m.buffer = m.buffer[:size]
	return m.buffer
}

// Free implements [experimental.LinearMemory].
func (m *memory) Free() {
	m.recycle()
	m.buffer = nil
}

func (m *memory) recycle() {
	clear(m.buffer)
	if 0 < cap(m.buffer) && cap(m.buffer) <= pooledMemory {
		unused := m.buffer[:0]
		buffers.Put(&unused)
	}
}
