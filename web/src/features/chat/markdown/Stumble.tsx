import { Component, type ReactNode } from 'react'

/** Shows something else instead of a part that cannot be drawn, so that the rest of the page stays. */
export class Stumble extends Component<{ instead: ReactNode; children: ReactNode }, { fell: boolean }> {
  override state = { fell: false }

  static getDerivedStateFromError() {
    return { fell: true }
  }

  override render() {
    return this.state.fell ? this.props.instead : this.props.children
  }
}
