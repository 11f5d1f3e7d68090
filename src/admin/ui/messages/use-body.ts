// The body of a message: first what came with the list; the whole of it when somebody asks.

import { useMemo, useState } from "preact/hooks";
import type { MessageView } from "../../api.ts";
import { getBytes } from "../request.ts";
import { toastError } from "../toast.tsx";
import { fromBase64 } from "./body.ts";
import { bodyUrl, type Place } from "./place.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Body {
  readonly bytes: Bytes;
  readonly isWhole: boolean;
  readonly isLoading: boolean;
  /** All of it; null when that failed, which was then said. */
  readonly load: () => Promise<Bytes | null>;
}

export function useBody(place: Place, message: MessageView): Body {
  const preview = useMemo(() => fromBase64(message.preview), [message.preview]);
  const [loaded, setLoaded] = useState<Bytes | null>(null);
  const [isLoading, setLoading] = useState(false);
  const bytes = loaded ?? preview;
  const isWhole = bytes.length >= message.size;
  const load = async () => {
    if (isWhole) return bytes;
    setLoading(true);
    try {
      const whole = (await getBytes(bodyUrl(place, message))) as Bytes;
      setLoaded(whole);
      return whole;
    } catch (error) {
      toastError(`Could not load message ${message.id}`, error);
      return null;
    } finally {
      setLoading(false);
    }
  };
  return { bytes, isWhole, isLoading, load };
}
