package configdrive

import "errors"

// Why a call was stopped, other than by its context. Use [errors.Is].
var (
	// ErrTimeLimit means that the call exceeded [Config.TimeLimit].
	ErrTimeLimit = errors.New("it exceeded the time limit")
	// ErrMemoryLimit means that the call exceeded [Config.MemoryLimit].
	ErrMemoryLimit = errors.New("it exceeded the memory limit")
	// ErrFault means that the component failed, which is a bug in it. Other calls are not affected.
	ErrFault = errors.New("the component failed")
)

// Error returns the message.
func (e *Error) Error() string { return e.Message }
