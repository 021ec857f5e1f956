import type { Log } from "../../log.ts";
import type { Clock } from "./clock.ts";

/** When a service is late, and when it is dead. Times in milliseconds. */
export interface ProbePolicy {
  /** From probe to probe. */
  readonly interval: number;
  /** An answer that takes longer is late. */
  readonly deadline: number;
  /** So many probes in a row without an answer are a death. */
  readonly misses: number;
  /** From probe to probe after `suspect`. */
  readonly suspicion: number;
  /** A timer that fires so much too late tells of a suspend, or that Erth itself stood still. */
  readonly slack: number;
}

/** What a probe needs. */
export interface ProbeOptions<Answer> extends Partial<ProbePolicy> {
  /** Whose sign of life it is, for the log. */
  readonly name: string;
  /** Asks once; rejects with what is wrong with the answer, and at the signal. */
  readonly ask: (signal: AbortSignal) => Promise<Answer>;
  /** It was answered. */
  readonly onAnswer?: (answer: Answer) => void;
  /** An answer is late; at most once until `onRecovered`. */
  readonly onBusy?: () => void;
  /** An answer came in time again. */
  readonly onRecovered?: () => void;
  /** Too many misses in a row; the probe has stopped itself. */
  readonly onDead: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const POLICY: ProbePolicy = {
  interval: 3_000,
  deadline: 2_000,
  misses: 3,
  suspicion: 1_500,
  slack: 1_000,
};

/** One question and what became of it. */
interface Question {
  readonly sent: number;
  readonly abort: AbortController;
  readonly cancelDeadline: () => void;
  answered: boolean;
  /** No answer, or a wrong one, and none will come any more. */
  failed: boolean;
}

/**
 * Asks a service again and again for a sign of life, and tells dead from busy. An answer counts
 * until the next question is due: after the deadline it means busy, none at all is a miss. Questions
 * that a suspend held up count as nothing.
 */
export class Probe<Answer = void> {
  readonly #options: ProbeOptions<Answer> & ProbePolicy;
  #question: Question | undefined;
  #cancelTick = () => {};
  #misses = 0;
  #busy = false;
  #suspicion: PromiseWithResolvers<boolean> | undefined;
  #stopped = false;

  /** Begins at once; the first question is sent after one interval. */
  constructor(options: ProbeOptions<Answer>) {
    this.#options = { ...POLICY, ...options };
    this.#schedule(this.#options.interval);
  }

  /**
   * Asks at once, because something else got no answer, and then every 1.5 s until one comes: a
   * stopped service is dead after 4.5 s.
   *
   * @returns Whether it answered; false once it is dead or the probe was stopped.
   */
  suspect(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    if (this.#suspicion !== undefined) return this.#suspicion.promise;
    const { clock, suspicion } = this.#options;
    this.#suspicion = Promise.withResolvers<boolean>();
    const { promise } = this.#suspicion;
    const question = this.#question;
    if (question === undefined || question.answered || question.failed) this.#send();
    else this.#schedule(Math.max(0, question.sent + suspicion - clock.monotonic()));
    return promise;
  }

  /** Ends all asking. May be called again. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTick();
    this.#giveUp();
    this.#suspicion?.resolve(false);
  }

  #schedule(ms: number): void {
    this.#cancelTick();
    const due = this.#options.clock.monotonic() + ms;
    this.#cancelTick = this.#options.clock.after(ms, () => this.#tick(due));
  }

  /** The next question is due: judges the one before. */
  #tick(due: number): void {
    const { clock, log, misses, name, onDead } = this.#options;
    if (this.#heldUp(due)) {
      log.info("probe.held-up", { name, late: clock.monotonic() - due });
      this.#misses = 0;
    } else if (this.#question !== undefined && !this.#question.answered) {
      this.#misses += 1;
      log.warn("probe.miss", { name, misses: this.#misses });
    }
    if (this.#misses < misses) return this.#send();
    this.stop();
    onDead(`No answer to ${misses} probes in a row`);
  }

  #send(): void {
    const { ask, clock, deadline, interval, log, name, suspicion } = this.#options;
    this.#giveUp();
    const sent = clock.monotonic();
    const due = sent + deadline;
    const cancelDeadline = clock.after(deadline, () => {
      if (!this.#heldUp(due)) this.#late();
    });
    const abort = new AbortController();
    const question = { sent, abort, cancelDeadline, answered: false, failed: false };
    this.#question = question;
    ask(abort.signal).then((answer) => {
      if (abort.signal.aborted) return;
      cancelDeadline();
      question.answered = true;
      this.#answered(answer, clock.monotonic() <= due);
    }).catch((error) => {
      if (abort.signal.aborted) return;
      cancelDeadline();
      question.failed = true;
      log.warn("probe.failed", { name, error });
    });
    this.#schedule(this.#suspicion === undefined ? interval : suspicion);
  }

  #answered(answer: Answer, inTime: boolean): void {
    this.#misses = 0;
    if (this.#suspicion !== undefined) {
      this.#suspicion.resolve(true);
      this.#suspicion = undefined;
      this.#schedule(this.#options.interval);
    }
    this.#options.onAnswer?.(answer);
    if (!inTime || !this.#busy) return;
    this.#busy = false;
    this.#options.onRecovered?.();
  }

  #late(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#options.onBusy?.();
  }

  #giveUp(): void {
    this.#question?.cancelDeadline();
    this.#question?.abort.abort();
  }

  /** Whether a timer that was due then fires so late that the machine must have slept. */
  #heldUp(due: number): boolean {
    return this.#options.clock.monotonic() - due > this.#options.slack;
  }
}
