/** Something to be done at an instant of the monotonic clock. */
export interface Task {
  /** Monotonic milliseconds. Not to be changed while the task waits. */
  dueMs: number
  run(): void
}

/** A binary heap of tasks: the one due first is on top. */
export class DueHeap {
  readonly #tasks: Task[] = []

  get first(): Task | undefined {
    return this.#tasks[0]
  }

  add(task: Task): void {
    const tasks = this.#tasks
    let at = tasks.length
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = tasks[parentAt]
      if (parent === undefined || parent.dueMs <= task.dueMs) break
      tasks[at] = parent
      at = parentAt
    }
    tasks[at] = task
  }

  take(): Task | undefined {
    const first = this.#tasks[0]
    const last = this.#tasks.pop()
    if (last !== undefined && this.#tasks.length > 0) this.#sink(last)
    return first
  }

  clear(): void {
    this.#tasks.length = 0
  }

  #sink(task: Task): void {
    const tasks = this.#tasks
    let at = 0
    for (;;) {
      let childAt = 2 * at + 1
      let child = tasks[childAt]
      const right = tasks[childAt + 1]
      if (child !== undefined && right !== undefined && right.dueMs < child.dueMs) {
        child = right
        childAt++
      }
      if (child === undefined || child.dueMs >= task.dueMs) break
      tasks[at] = child
      at = childAt
    }
    tasks[at] = task
  }
}
