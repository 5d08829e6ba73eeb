/** A pause that whoever closes its owner ends early. */
export class Pause {
  private endNow: () => void = () => undefined;

  lasting(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end(): void {
    this.endNow();
  }
}
